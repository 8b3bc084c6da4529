// Active sales prices of items (table 7001). Read-only: prices are kept in Business Central's own price lists.
page 50115 "SEC Price List Lines"
{
    APIPublisher = 'syncengine';
    APIGroup = 'companion';
    APIVersion = 'v1.0';
    EntityName = 'priceListLine';
    EntitySetName = 'priceListLines';
    EntityCaption = 'Price List Line';
    EntitySetCaption = 'Price List Lines';
    PageType = API;
    ODataKeyFields = SystemId;
    SourceTable = "Price List Line";
    InsertAllowed = false;
    ModifyAllowed = false;
    DeleteAllowed = false;
    Editable = false;
    SourceTableView = where("Price Type" = const(Sale), "Asset Type" = const(Item), Status = const(Active), "Source Type" = filter("All Customers" | Customer));
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id';
                    Editable = false;
                }
                field(priceListCode; Rec."Price List Code")
                {
                    Caption = 'Price list code';
                    Editable = false;
                }
                field(customerNumber; CustomerNumber)
                {
                    Caption = 'Customer number';
                    Editable = false;
                }
                field(itemId; Rec."Asset ID")
                {
                    Caption = 'Item id';
                    Editable = false;
                }
                field(itemNumber; Rec."Asset No.")
                {
                    Caption = 'Item number';
                    Editable = false;
                }
                field(unitOfMeasureId; UnitOfMeasureId)
                {
                    Caption = 'Unit of measure id';
                    Editable = false;
                }
                field(unitOfMeasureCode; Rec."Unit of Measure Code")
                {
                    Caption = 'Unit of measure code';
                    Editable = false;
                }
                field(currencyCode; CurrencyCode)
                {
                    Caption = 'Currency code';
                    Editable = false;
                }
                field(minimumQuantity; Rec."Minimum Quantity")
                {
                    Caption = 'Minimum quantity';
                    Editable = false;
                }
                field(startingDate; Rec."Starting Date")
                {
                    Caption = 'Starting date';
                    Editable = false;
                }
                field(endingDate; Rec."Ending Date")
                {
                    Caption = 'Ending date';
                    Editable = false;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'Unit price';
                    Editable = false;
                }
                field(discountPercent; Rec."Line Discount %")
                {
                    Caption = 'Discount percent';
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'Last modified date time';
                    Editable = false;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    var
        Item: Record Item;
        UnitOfMeasure: Record "Unit of Measure";
        GeneralLedgerSetup: Record "General Ledger Setup";
        UnitCode: Code[10];
    begin
        UnitCode := Rec."Unit of Measure Code";
        if (UnitCode = '') and Item.Get(Rec."Asset No.") then
            UnitCode := Item."Base Unit of Measure";
        Clear(UnitOfMeasureId);
        if UnitOfMeasure.Get(UnitCode) then
            UnitOfMeasureId := UnitOfMeasure.SystemId;
        CurrencyCode := Rec."Currency Code";
        if CurrencyCode = '' then begin
            GeneralLedgerSetup.Get();
            CurrencyCode := GeneralLedgerSetup."LCY Code";
        end;
        CustomerNumber := '';
        if Rec."Source Type" = Rec."Source Type"::Customer then
            CustomerNumber := Rec."Source No.";
    end;

    var
        CustomerNumber: Code[20];
        UnitOfMeasureId: Guid;
        CurrencyCode: Code[10];
}
