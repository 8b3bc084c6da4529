// Notes that people leave on a record (table 2000000068, Record Link): of the record or with the id that is asked for,
// else of all sales orders.
page 50117 "SEC Record Notes"
{
    APIPublisher = 'syncengine';
    APIGroup = 'companion';
    APIVersion = 'v1.0';
    EntityName = 'recordNote';
    EntitySetName = 'recordNotes';
    EntityCaption = 'Record Note';
    EntitySetCaption = 'Record Notes';
    PageType = API;
    ODataKeyFields = Id;
    SourceTable = "SEC Record Note Buffer";
    SourceTableTemporary = true;
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.Id)
                {
                    Caption = 'Id';
                    Editable = false;
                }
                field(parentId; Rec."Parent Id")
                {
                    Caption = 'Parent id';
                }
                field(text; Rec."Text")
                {
                    Caption = 'Text';
                }
                field(createdBy; Rec."Created By")
                {
                    Caption = 'Created by';
                    Editable = false;
                }
                field(createdAt; Rec."Created At")
                {
                    Caption = 'Created at';
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec."Last Modified At")
                {
                    Caption = 'Last modified date time';
                    Editable = false;
                }
            }
        }
    }

    trigger OnFindRecord(Which: Text): Boolean
    var
        View: Text;
        ParentFilter: Text;
        IdFilter: Text;
        ChangedFilter: Text;
    begin
        if not Loaded then begin
            View := Rec.GetView();
            ParentFilter := Rec.GetFilter("Parent Id");
            if ParentFilter = '' then begin
                Rec.FilterGroup(4);
                ParentFilter := Rec.GetFilter("Parent Id");
                Rec.FilterGroup(0);
            end;
            IdFilter := Rec.GetFilter(Id);
            ChangedFilter := Rec.GetFilter("Last Modified At");
            RecordNotes.Load(Rec, ParentFilter, IdFilter, ChangedFilter);
            Rec.SetView(View);
            Loaded := true;
        end;
        exit(Rec.Find(Which));
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        if IsNullGuid(Rec."Parent Id") then begin
            Rec.FilterGroup(4);
            if Rec.GetFilter("Parent Id") <> '' then
                Evaluate(Rec."Parent Id", Rec.GetFilter("Parent Id"));
            Rec.FilterGroup(0);
        end;
        if IsNullGuid(Rec."Parent Id") then
            Error(NeedsParentErr);
        RecordNotes.Add(Rec);
        exit(true);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        if xRec."Parent Id" <> Rec."Parent Id" then
            Error(FixedParentErr);
        RecordNotes.Change(Rec);
        exit(true);
    end;

    trigger OnDeleteRecord(): Boolean
    begin
        RecordNotes.Remove(Rec);
        exit(true);
    end;

    var
        RecordNotes: Codeunit "SEC Record Notes";
        Loaded: Boolean;
        NeedsParentErr: Label 'You must specify a Parent Id to add a note.';
        FixedParentErr: Label 'The value for "parentId" cannot be modified.', Comment = 'parentId is a field name.';
}
