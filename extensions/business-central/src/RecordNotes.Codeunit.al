// Between notes as the client shows them and the buffer that the API page answers from.
codeunit 50120 "SEC Record Notes"
{
    Access = Internal;

    // Without a record or an id: the notes of all sales orders, those alone that were changed where a filter says so.
    procedure Load(var Buffer: Record "SEC Record Note Buffer"; ParentFilter: Text; IdFilter: Text; ChangedFilter: Text)
    var
        RecordLink: Record "Record Link";
        ParentId: Guid;
        NoteId: Guid;
        Parent: RecordRef;
    begin
        Buffer.Reset();
        Buffer.DeleteAll();
        RecordLink.SetRange(Type, RecordLink.Type::Note);
        RecordLink.SetRange(Company, CompanyName());
        if ParentFilter <> '' then begin
            Evaluate(ParentId, ParentFilter);
            if not FindParent(ParentId, Parent) then
                exit;
            RecordLink.SetRange("Record ID", Parent.RecordId());
        end;
        if IdFilter <> '' then begin
            Evaluate(NoteId, IdFilter);
            RecordLink.SetRange(SystemId, NoteId);
        end;
        if ChangedFilter <> '' then
            RecordLink.SetFilter(SystemModifiedAt, ChangedFilter);
        if RecordLink.FindSet() then
            repeat
                if (ParentFilter <> '') or (IdFilter <> '') or IsOfAnOrder(RecordLink) then
                    Show(Buffer, RecordLink);
            until RecordLink.Next() = 0;
    end;

    local procedure IsOfAnOrder(RecordLink: Record "Record Link"): Boolean
    var
        SalesHeader: Record "Sales Header";
    begin
        if not SalesHeader.Get(RecordLink."Record ID") then
            exit(false);
        exit(SalesHeader."Document Type" = SalesHeader."Document Type"::Order);
    end;

    procedure Add(var Buffer: Record "SEC Record Note Buffer")
    var
        RecordLink: Record "Record Link";
        Parent: RecordRef;
    begin
        if not FindParent(Buffer."Parent Id", Parent) then
            Error(NoParentErr);
        RecordLink.Init();
        RecordLink."Record ID" := Parent.RecordId();
        RecordLink.Type := RecordLink.Type::Note;
        RecordLink.Company := CopyStr(CompanyName(), 1, MaxStrLen(RecordLink.Company));
        RecordLink."User ID" := CopyStr(UserId(), 1, MaxStrLen(RecordLink."User ID"));
        RecordLink.Created := CurrentDateTime();
        RecordLinkManagement.WriteNote(RecordLink, Buffer."Text");
        RecordLink.Insert(true);
        Fill(Buffer, RecordLink);
    end;

    procedure Change(var Buffer: Record "SEC Record Note Buffer")
    var
        RecordLink: Record "Record Link";
    begin
        RecordLink.GetBySystemId(Buffer.Id);
        Clear(RecordLink.Note);
        RecordLinkManagement.WriteNote(RecordLink, Buffer."Text");
        RecordLink.Modify(true);
        Fill(Buffer, RecordLink);
    end;

    procedure Remove(Buffer: Record "SEC Record Note Buffer")
    var
        RecordLink: Record "Record Link";
    begin
        RecordLink.GetBySystemId(Buffer.Id);
        RecordLink.Delete(true);
    end;

    // A link may have outlived its record: that is no note of anything.
    local procedure Show(var Buffer: Record "SEC Record Note Buffer"; var RecordLink: Record "Record Link")
    var
        Parent: RecordRef;
    begin
        if not Parent.Get(RecordLink."Record ID") then
            exit;
        RecordLink.CalcFields(Note);
        Buffer.Init();
        Buffer."Text" := CopyStr(RecordLinkManagement.ReadNote(RecordLink), 1, MaxStrLen(Buffer."Text"));
        Fill(Buffer, RecordLink);
        Buffer.Insert();
    end;

    local procedure Fill(var Buffer: Record "SEC Record Note Buffer"; RecordLink: Record "Record Link")
    var
        Parent: RecordRef;
    begin
        Buffer.Id := RecordLink.SystemId;
        if Parent.Get(RecordLink."Record ID") then
            Buffer."Parent Id" := Parent.Field(Parent.SystemIdNo()).Value();
        Buffer."Created By" := RecordLink."User ID";
        Buffer."Created At" := RecordLink.Created;
        Buffer."Last Modified At" := RecordLink.SystemModifiedAt;
    end;

    // Sales documents, posted invoices, customers and items: what the engine carries notes of.
    local procedure FindParent(ParentId: Guid; var Parent: RecordRef): Boolean
    var
        SalesHeader: Record "Sales Header";
        SalesInvoiceHeader: Record "Sales Invoice Header";
        Customer: Record Customer;
        Item: Record Item;
    begin
        case true of
            SalesHeader.GetBySystemId(ParentId):
                Parent.GetTable(SalesHeader);
            SalesInvoiceHeader.GetBySystemId(ParentId):
                Parent.GetTable(SalesInvoiceHeader);
            Customer.GetBySystemId(ParentId):
                Parent.GetTable(Customer);
            Item.GetBySystemId(ParentId):
                Parent.GetTable(Item);
            else
                exit(false);
        end;
        exit(true);
    end;

    var
        RecordLinkManagement: Codeunit "Record Link Management";
        NoParentErr: Label 'The "parentId" does not match to a record that has notes.', Comment = 'parentId is a field name.';
}
